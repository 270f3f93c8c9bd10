"""What a tick costs as series and groups grow, and beside other detectors, as ratios in one run."""
