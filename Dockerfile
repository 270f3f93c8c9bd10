# hebbstream as a container: the builder installs and compiles, the final stage only runs.
#
# The base may be any image that has Python 3.11 or newer as python3, with venv. To pin it, give
# the digest that `docker buildx imagetools inspect python:3.11-slim-bookworm` prints:
#   --build-arg BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm@sha256:...
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS builder

# The compile target is pinned: the kernels' cache hits, and the arithmetic stays the same to the
# bit, on whatever host the container lands. haswell is every x86-64 server since 2015; for other
# machines see docs/container.md.
ARG NUMBA_CPU_NAME=haswell
ARG NUMBA_CPU_FEATURES=+avx2,+fma
ENV NUMBA_CPU_NAME=${NUMBA_CPU_NAME} \
    NUMBA_CPU_FEATURES=${NUMBA_CPU_FEATURES} \
    NUMBA_CACHE_DIR=/opt/numba-cache

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY hebbstream hebbstream
COPY daemon daemon

# A builder with a package index or a CA of its own passes them as secrets; they stay out of the image.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca_bundle,target=/run/secrets/ca_bundle \
    python3 -m venv /opt/hebbstream \
    && /opt/hebbstream/bin/python -m pip install --disable-pip-version-check --no-compile \
        --constraint constraints.txt . \
    && /opt/hebbstream/bin/python -m pip uninstall --yes --quiet pip setuptools \
    && find /opt/hebbstream/lib -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +

# Bytecode by content: copying changes the files' times, and a read-only root cannot be mended.
RUN /opt/hebbstream/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/hebbstream/lib

# Not from /src, so that what is compiled is what was installed.
WORKDIR /opt/hebbstream
RUN bin/python -c 'from daemon.warmup import main; main()'


FROM ${BASE_IMAGE}

ARG NUMBA_CPU_NAME=haswell
ARG NUMBA_CPU_FEATURES=+avx2,+fma
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="hebbstream" \
      org.opencontainers.image.description="Streaming anomaly detection for operations metrics in Kafka" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"

# numpy and its BLAS choose their code by the host's processor as well: they are held to the same
# target, on one thread, or the last digits would depend on the host.
ENV PATH=/opt/hebbstream/bin:$PATH \
    HOME=/var/lib/hebbstream \
    PYTHONDONTWRITEBYTECODE=1 \
    HEBBSTREAM_CONFIG=/etc/hebbstream/hebbstream.yaml \
    NUMBA_CACHE_DIR=/opt/numba-cache \
    NUMBA_CPU_NAME=${NUMBA_CPU_NAME} \
    NUMBA_CPU_FEATURES=${NUMBA_CPU_FEATURES} \
    NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR" \
    OPENBLAS_CORETYPE=Haswell \
    OPENBLAS_NUM_THREADS=1

RUN groupadd --gid 10001 hebbstream \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/hebbstream \
        --shell /usr/sbin/nologin hebbstream \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/hebbstream

COPY --from=builder /opt/hebbstream /opt/hebbstream
COPY --from=builder /opt/numba-cache /opt/numba-cache
COPY configs/quickstart.yaml /etc/hebbstream/hebbstream.yaml

USER 10001:10001
WORKDIR /var/lib/hebbstream
VOLUME ["/var/lib/hebbstream"]
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["hebbstream", "healthcheck"]
ENTRYPOINT ["hebbstream"]
CMD ["run", "--config", "/etc/hebbstream/hebbstream.yaml"]
