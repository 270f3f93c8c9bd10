"""The rules of deploy/prometheus/alerts.yml, tried by promtool on made-up series."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
MINUTES = 60
#: Unix time 0 is when a trial begins, so what grows by 60 a minute is a time that keeps up.
NOW, STANDS = "0+60x60", "60+0x60"

#: What a service shows that is well, in the second hour of which nothing happens.
WELL = {
    'up{job="hebbstream"}': "1x60",
    "hebbstream_loop_beat_timestamp_seconds": NOW,
    "hebbstream_last_fetch_timestamp_seconds": NOW,
    'hebbstream_records_total{partition="0"}': "0+100x30 3000x30",
    "hebbstream_samples_total": "0+1000x60",
    'hebbstream_samples_dropped_total{reason="late"}': "0+1x60",
    'hebbstream_samples_dropped_total{reason="ahead"}': "0x60",
    'hebbstream_samples_dropped_total{reason="series_limit"}': "0x60",
    'hebbstream_consumer_lag_records{partition="0"}': "0 40 0 3000 20 0 60 10x53",
    "hebbstream_partitions_stuck": "0x60",
    "hebbstream_groups_scattered": "0x60",
    'hebbstream_rebalances_total{kind="lost"}': "2x60",
    'hebbstream_checkpoints_total{store="disk",result="failure"}': "0x60",
    'hebbstream_checkpoint_last_success_timestamp_seconds{store="disk"}': "0+60x30 1800x30",
    'hebbstream_checkpoint_last_success_timestamp_seconds{store="changelog"}': "0x60",
    "hebbstream_checkpoints_refused_total": "0x60",
    "hebbstream_producer_unacked_records": "0 5000 0 20x57",
    'hebbstream_messages_refused_total{reason="too_large"}': "0x60",
    "hebbstream_webhook_waiting_events": "0 3 0x58",
    'hebbstream_webhook_events_total{result="refused"}': "0x60",
    'hebbstream_background_failures_total{part="webhook"}': "0x60",
    "hebbstream_log_lines_lost_total": "0x60",
}

#: What each rule is for, as series in the place of those above.
ILL = {
    "HebbstreamDown": {'up{job="hebbstream"}': "1x30 0x30"},
    "HebbstreamStandsStill": {"hebbstream_loop_beat_timestamp_seconds": STANDS},
    "HebbstreamBrokerAway": {"hebbstream_last_fetch_timestamp_seconds": "0x60"},
    "HebbstreamFallsBehind": {'hebbstream_consumer_lag_records{partition="0"}': "0+200x60"},
    "HebbstreamPartitionStuck": {"hebbstream_partitions_stuck": "0x30 1x30"},
    "HebbstreamPartitionsLost": {'hebbstream_rebalances_total{kind="lost"}': "0x50 1x10"},
    "HebbstreamGroupsScattered": {"hebbstream_groups_scattered": "2x60"},
    "HebbstreamRecordsSkipped": {'hebbstream_records_skipped_total{partition="0"}': "_x50 7x10"},
    "HebbstreamDeadLetters": {'hebbstream_dead_letters_total{reason="not_json"}': "_x50 1x10"},
    "HebbstreamSamplesLate": {'hebbstream_samples_dropped_total{reason="late"}': "0+100x60"},
    "HebbstreamSamplesAhead": {'hebbstream_samples_dropped_total{reason="ahead"}': "0+1x60"},
    "HebbstreamLimitReached": {'hebbstream_samples_dropped_total{reason="series_limit"}': "0+1x60"},
    "HebbstreamCheckpointsFail": {
        'hebbstream_checkpoints_total{store="disk",result="failure"}': "0+1x60"
    },
    "HebbstreamCheckpointsOld": {
        'hebbstream_checkpoint_last_success_timestamp_seconds{store="disk"}': STANDS,
        'hebbstream_records_total{partition="0"}': "0+100x60",
    },
    "HebbstreamCheckpointsRefused": {"hebbstream_checkpoints_refused_total": "_x50 1x10"},
    "HebbstreamOutputStands": {"hebbstream_producer_unacked_records": "0+500x60"},
    "HebbstreamMessagesRefused": {
        'hebbstream_messages_refused_total{reason="too_large"}': "0x50 1x10"
    },
    "HebbstreamWebhookWaits": {"hebbstream_webhook_waiting_events": "3x60"},
    "HebbstreamWebhookLosesEvents": {
        'hebbstream_webhook_events_total{result="refused"}': "0x50 2x10"
    },
    "HebbstreamPartFails": {'hebbstream_background_failures_total{part="webhook"}': "0x50 1x10"},
    "HebbstreamLogLost": {"hebbstream_log_lines_lost_total": "0x50 9x10"},
}


def trial(name: str, series: dict[str, str], alerts: list[str]) -> dict[str, object]:
    """Write a trial: these series, and the alerts that then fire at the end of the hour."""
    expected = [
        {"labels": f'{{alertname="{each}"}}', "value": 1}  # whatever else the alert says
        for each in alerts
    ]
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{MINUTES}m",
                "exp_samples": expected,
            }
        ],
    }


def verdict(folder: Path, trials: list[dict[str, object]]) -> str:
    """Have promtool judge; empty when every trial ends as it says."""
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed: make setup-system"
    path = folder / "trials.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": trials}))
    done = subprocess.run(
        [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_nobody_is_called_while_all_is_well(tmp_path: Path) -> None:
    """Not when the input is quiet either, nor for a store that is not in use."""
    faults = verdict(tmp_path, [trial("well", WELL, [])])

    assert faults == ""


def test_every_rule_has_a_trial() -> None:
    """A rule that was never seen to fire may not be able to."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]

    assert sorted(rule["alert"] for rule in group["rules"]) == sorted(ILL)


@pytest.mark.parametrize("alert", sorted(ILL))
def test_the_right_alert_fires(alert: str, tmp_path: Path) -> None:
    """That one and no other."""
    faults = verdict(tmp_path, [trial(alert, WELL | ILL[alert], [alert])])

    assert faults == ""
