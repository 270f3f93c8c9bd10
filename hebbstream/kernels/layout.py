"""Rows of the packed arrays: what stands where in a detector's state and settings.

A state is a few arrays, one row a quantity, one column a series (or component, or edge), so that a
compiled call takes few arguments and a series joins or leaves by one column.
"""

from __future__ import annotations

from typing import Final

# moments float64[6, n]: location and scale of each series, after the clock's course is taken off.
MEAN: Final = 0
VARIANCE: Final = 1
HIGH: Final = 2
LOW: Final = 3
COUNT: Final = 4  # samples learnt; adoption cuts it, so that the new regime is learnt fast
SEEN: Final = 5  # samples since the series joined; whether it is judged
MOMENT_ROWS: Final = 6

# clock float64[4, n]: does the daily course explain the series? Level alone against level + course.
CLOCK_LEVEL: Final = 0
CLOCK_LEVEL_VARIANCE: Final = 1
CLOCK_COURSE_VARIANCE: Final = 2
CLOCK_COUNT: Final = 3
CLOCK_ROWS: Final = 4

# components float64[3, components_max]: PASTd's gain d, energy, ticks since birth.
GAIN: Final = 0
ENERGY: Final = 1
AGE: Final = 2
COMPONENT_ROWS: Final = 3
# Under RULE_LATERAL, components_max rows of lateral weights and one of activations follow.
LATERAL: Final = 3

# How the components learn, S_SUBSPACE_RULE.
RULE_PASTD: Final = 0
RULE_SANGER: Final = 1
RULE_OJA: Final = 2
RULE_LATERAL: Final = 3

# residual float64[2, n]: variance of the subspace's residual and its sample count.
RESIDUAL_VARIANCE: Final = 0
RESIDUAL_COUNT: Final = 1
RESIDUAL_ROWS: Final = 2

# past float32[2 l, n]: the l frames before, the last one first; z, and where it had samples.
PAST_Z: Final = 0
PAST_PRESENT: Final = 1
PAST_ROWS: Final = 2

# totals float64[3]: components in use, energy of what is learnt, its tick count.
COMPONENTS: Final = 0
ENERGY_TOTAL: Final = 1
ENERGY_COUNT: Final = 2
TOTAL_ROWS: Final = 3

# activity float64[8, n]: per series, what the graph needs.
ACTIVITY: Final = 0  # EW of the squared clipped z
ECHO: Final = 1  # EW of the product with the tick before
PREVIOUS: Final = 2  # clipped z of the tick before
FAST: Final = 3  # EW over break_memory_ticks of the squared z
NODE_BREAK: Final = 4  # EW over break_memory_ticks of the mean break of its edges
ACTIVITY_COUNT: Final = 5
DEGREE: Final = 6
NODE_BREAK_NOW: Final = 7  # NODE_BREAK over a few ticks
ACTIVITY_ROWS: Final = 8

# edge_values float32[23, m].
WEIGHT: Final = 0
TRACE: Final = 1
SPREAD: Final = 2  # EW variance of the difference of the two ends
SPREAD_COUNT: Final = 3
EDGE_BREAK: Final = 4  # EW over break_memory_ticks of the break evidence
FAST_TRACE: Final = 5  # EW over break_memory_ticks of the product
OWN: Final = 6  # the edge's own SUM_ROWS decayed sums, where not every pair is traced
SHADOW_SPREAD: Final = 10  # spread and its count in the shadow, then in the parked regime
PARKED_SPREAD: Final = 12
MUTED: Final = 14  # 1 where a person does not want to hear of the relation
LAGGED: Final = 15  # mean product of the ends, from LAGS ticks one way to LAGS ticks the other
LAGS: Final = 3
LAG_BLOCKS: Final = 22  # blocks of frames it was learnt from
EDGE_ROWS: Final = 23

# Decayed sums of a pair, from the tick it was first looked at.
SUM_PRODUCT: Final = 0
SUM_SOURCE: Final = 1  # of the source's squares, over ticks where both are present
SUM_TARGET: Final = 2
SUM_WEIGHT: Final = 3  # of the ticks themselves
SUM_ROWS: Final = 4

# slots float32[5, s]: SUM_ROWS sums of the pair on trial, ticks it has been tried.
SLOT_AGE: Final = 4
SLOT_ROWS: Final = 5

# edge_ticks int64[3, m].
BIRTH: Final = 0
LOW_TICKS: Final = 1
BROKEN_TICKS: Final = 2  # ticks the relation was broken, counted from check to check
EDGE_TICK_ROWS: Final = 3

# pairs float32[3, PAIR_CHUNK]: scratch of a chunk of edges, what their ends are at a tick.
PAIR_SOURCE: Final = 0
PAIR_TARGET: Final = 1
PAIR_BOTH: Final = 2  # 1 where both are there
PAIR_ROWS: Final = 3
PAIR_CHUNK: Final = 256

# cells float32[3, n]: per series, the block that is folded.
CELL_POWER: Final = 0  # weighted sum of its squares
CELL_WEIGHT: Final = 1  # weighted sum of its samples
CELL_WHOLE: Final = 2  # 1 where none is missing
CELL_ROWS: Final = 3

# places int32[6, n]: scratch of the choice of pairs.
CODE: Final = 0
ORDER: Final = 1
COUNTED: Final = 2
LISTED: Final = 3
LOADED: Final = 4
MATE: Final = 5
PLACE_ROWS: Final = 6

# How the weight of an edge learns, S_EDGE_RULE.
EDGE_HEBB: Final = 0
EDGE_OJA: Final = 1
EDGE_DELTA: Final = 2

# graph_status float64[3]: rows of the block not yet in the traces, ticks that had an edge, and
# blocks since lags were learnt, where every pair is traced.
PENDING: Final = 0
EDGE_TICKS: Final = 1
LAG_WAIT: Final = 2
GRAPH_STATUS_ROWS: Final = 3

# Frames gathered before they enter the sums of pairs on trial, and the traces of all pairs: a row
# of those then stays in the first cache for a few ticks, of which more would cost state.
BLOCK_TICKS: Final = 64
PAIR_BLOCK_TICKS: Final = 16

# smooth float64[5]: the two smoothed statistics, ticks since the start or a reset, and the two
# smoothed mean squares of the innovations.
SHORT: Final = 0
LONG: Final = 1
GROUP_AGE: Final = 2
NEW: Final = 3  # SHORT and LONG of it
SMOOTH_ROWS: Final = 5

# habits float64[7, n]: each series' own two smoothed statistics, and what is usual for it.
USUAL: Final = 2  # what they usually stay below
ELEVATED: Final = 3  # ticks in a row that they have been above it
STANDS: Final = 4  # EW of the cut z
STANDS_NOW: Final = 5  # STANDS over a few ticks
STANDS_USUAL: Final = 6  # what its square, taken with its relations, usually stays below
HABIT_ROWS: Final = 7

# innovations float64[9, n]: what of each residual is not its memory of the tick before.
ECHOED: Final = 0  # EW of the product with the tick before
POWER: Final = 1  # EW of the square
INNOVATION_VARIANCE: Final = 2
INNOVATION_COUNT: Final = 3
U_BEFORE: Final = 4  # capped u of the tick before, 0 where missing
U_NOW: Final = 5
MOVES: Final = 6  # EW of the squared innovation, in its own sigmas: does it move with its peers?
MOVES_NOW: Final = 7  # MOVES over a few ticks
MOVES_USUAL: Final = 8  # what MOVES usually stays below
INNOVATION_ROWS: Final = 9

# histograms float32[7, BINS] and tails float64[7, 5]: one tail model a row.
TAIL_ALERT: Final = 0
TAIL_GATE: Final = 1
TAIL_RELATION: Final = 2
TAIL_SERIES: Final = 3
TAIL_INNOVATION: Final = 4
TAIL_MOVES: Final = 5
TAIL_SHIFT: Final = 6
TAIL_COUNT: Final = 7
INCREMENT: Final = 0
TOTAL: Final = 1
TOP: Final = 2
HOT: Final = 3
PRIOR: Final = 4
TAIL_ROWS: Final = 5
BINS: Final = 288  # up to 1,790: a statistic of sigmas cut at 20 is at most 1,600
BIN_WIDTH: Final = 0.05
STATISTIC_FLOOR: Final = 1e-3

# lanes float64[10 + 2h + 1, 4]: what a lone series is judged by, learnt like series: moments, then
# clock, then coefficients; only the level and the roughness have a course.
LEVEL_LANE: Final = 0
COURSE_LANE: Final = 1  # the level without its daily course
CONTRAST_LANE: Final = 2  # the level without its mean of late
ROUGH_LANE: Final = 3  # logarithm of the contrast's mean square, without its daily course
LANES: Final = 4
LANE_COEFFICIENTS: Final = MOMENT_ROWS + CLOCK_ROWS

# view_histograms float32[5, BINS], view_tails float64[5, 5]: level, short, medium, long, roughness.
LEVEL_VIEW: Final = 0
SHORT_VIEW: Final = 1
MEDIUM_VIEW: Final = 2
LONG_VIEW: Final = 3
ROUGH_VIEW: Final = 4
VIEWS: Final = 5

# recall float64[3, s]: per slot of the day.
RECALL_EXPONENT: Final = 0
RECALL_DAYS: Final = 1
RECALL_WAITING: Final = 2  # -1 where nothing waits
RECALL_ROWS: Final = 3
RECALL_SLOTS_MAX: Final = 48
RECALL_SLOTS_MIN: Final = 8

# weeks float32[4, s]: per slot of the week, its peaks in the last weeks, the newest last.
WEEKS: Final = 3
WEEK_WAITING: Final = 3  # -1 where nothing waits
WEEK_ROWS: Final = 4

# sole float64[SOLE_ROWS]: what else is known of a lone series.
SOLE_SEEN: Final = 0
FOLLOWED: Final = 1  # mean of late
ROUGHNESS: Final = 2
MEAN_SHORT: Final = 3
MEAN_MEDIUM: Final = 4
MEAN_LONG: Final = 5
SLOT: Final = 6  # slot of the day now, -1 before the first
SLOT_PEAK: Final = 7
EPISODE_DAYS: Final = 8
EPISODES: Final = 9
EPISODES_OVER: Final = 10
EPISODE_EXCESS: Final = 11
EPISODE_GAP: Final = 12
EPISODE_PEAK: Final = 13
EPISODE_RAISE: Final = 14  # what the rate of episodes adds at a decade beyond once a day
EPISODE_UNIT: Final = 15  # their mean excess, in decades of the nominal one
TOLD: Final = 16  # exponent of the episode that was told
TOLD_LEFT: Final = 17  # ticks until it is forgotten
TOLD_HABIT: Final = 18
TOLD_TICKS: Final = 19
TOLD_INCREMENT: Final = 20
FIRST_VIEW: Final = 21
FIRST_TOLD: Final = 26  # histogram of exponents told
TOLD_BINS: Final = 200
TOLD_WIDTH: Final = 0.1
WEEK_SLOT: Final = 226  # slot of the week now, -1 before the first
WEEK_PEAK: Final = 227
SOLE_ROWS: Final = 228

# lane_single float32[2, 4].
LANE_Z: Final = 0
LANE_PRESENT: Final = 1
LANE_SINGLE_ROWS: Final = 2

# lane_double float64[7, 4].
LANE: Final = 0
STILL: Final = 1  # zeros: lanes have their course taken off already
LANE_SCALE: Final = 2
LANE_HARMONIC: Final = 3
LANE_COURSE: Final = 4
LANE_STEP: Final = 5
TAUGHT: Final = 6  # what the courses learn, NaN where a lane has none
LANE_DOUBLE_ROWS: Final = 7

# Rates of the views, from S_VIEW_RATE on.
VIEW_SHORT: Final = 0
VIEW_MEDIUM: Final = 1
VIEW_LONG: Final = 2
VIEW_ROUGHNESS: Final = 3

# gate float64[18]: hot ticks, ticks of the last two adoptions, 1 while learning is held.
GATE_HOT: Final = 0
ADOPTED_LAST: Final = 1
ADOPTED_BEFORE: Final = 2
HELD: Final = 3
SHADOW_TICKS: Final = 4  # ticks of this quarantine; 0 without one
SHADOW_STATISTIC: Final = 5  # smoothed statistic of the frames under the shadow
PUBLISHED_LIFE: Final = 6  # ticks the published regime has learnt
PARKED_LIFE: Final = 7  # ticks the parked regime had learnt; 0 when none is parked
PARKED_AT: Final = 8  # tick at which it was parked
PARKED_STATISTIC: Final = 9  # smoothed statistic of the frames under the parked regime
PARKED_FITS: Final = 10  # ticks in a row that it fits
PUBLISHED_STATISTIC: Final = 11  # smoothed statistic of the frames under the published regime
BARRED: Final = 12  # 1 while a person keeps what goes on out of learning
PACE: Final = 13  # factor on the rates of components, of what they leave, and of spreads of edges
LEVEL_PACE: Final = 14  # of location and variance
SCATTER: Final = 15  # long-run mean of the squared z, cut
LEFT: Final = 16  # of what the components leave of it
LEFT_USUAL: Final = 17  # the share left that is usual
GATE_ROWS: Final = 18

# What learning does at a tick; values of hebbstream.results.Learning.
LEARNING_WARMUP: Final = 0
LEARNING_NORMAL: Final = 1
LEARNING_QUARANTINED: Final = 2
LEARNING_HELD: Final = 3
LEARNING_ADOPTED: Final = 4
LEARNING_RESTORED: Final = 5

# scratch32 float32[5, (1 + l) n]: this frame, then the l before it.
Z: Final = 0
REST: Final = 1  # residual of the subspace
LESSON: Final = 2  # what the subspace learns, deflated
HAT: Final = 3  # diagonal of the projection
PRESENT: Final = 4
SCRATCH32_ROWS: Final = 5

# scratch64 float64[8, n].
COURSE: Final = 0  # the clock's course in use, 0 where it is not used
HARMONIC: Final = 1  # the clock's course, used or not
SCALE: Final = 2
SURPRISE: Final = 3  # u, the re-standardised residual
BREAK: Final = 4  # mean break of a series' edges at this tick
BREAK_COUNT: Final = 5
STANCE: Final = 6  # STANDS, 0 where a series is not judged
TOGETHER: Final = 7  # squared mean of it and of those related to it; -1 without any
SCRATCH64_ROWS: Final = 8

# verdicts float64[7, T].
STATISTIC: Final = 0
SCORE: Final = 1
P_VALUE: Final = 2
CHANNEL: Final = 3
LEARNING: Final = 4
COMPONENTS_NOW: Final = 5
EDGES_NOW: Final = 6
VERDICT_ROWS: Final = 7

# details float64[4, T, n].
EVIDENCE: Final = 0
EXPECTED: Final = 1
RECALLED: Final = 2
SIGMA: Final = 3
DETAIL_ROWS: Final = 4

# terms float64[4, p]: what was told of a pattern, of a time, or of both.
LIFT: Final = 0  # how many times higher the line is
WINDOW_START: Final = 1  # Unix seconds of one window
WINDOW_LENGTH: Final = 2  # seconds; 0 at any time
WINDOW_PERIOD: Final = 3  # seconds after which the window comes again
TERM_ROWS: Final = 4

# report int64[2]: why the block was left, entries in the journal of components.
REASON: Final = 0
JOURNAL_COUNT: Final = 1
REPORT_ROWS: Final = 2
REASON_DETAIL: Final = 1
REASON_GRAPH: Final = 2

# settings float64[SETTING_ROWS]: params in ticks and rates. Those of the edges stand together:
# kernels take [S_WEIGHT_PRUNE, S_ACTIVITY_MIN] as `limits`, [S_ACTIVITY_MIN, S_TRIAL] as `judged`.
S_RATE: Final = 0
S_DAY_TICKS: Final = 1
S_CLOCK_RATE: Final = 2
S_CLOCK_RATIO: Final = 3
S_LEARN_CLIP: Final = 4
S_RANGE_FLOOR: Final = 5
S_RANGE_RATE: Final = 6
S_ENERGY_MIN: Final = 7
S_ENERGY_MAX: Final = 8
S_COMPONENTS_MIN: Final = 9
S_COMPONENTS_MAX: Final = 10
S_COMPONENT_CHECK: Final = 11
S_SUBSPACE_CLIP: Final = 12
S_TRACE_CLIP: Final = 13
S_EDGE_CHECK: Final = 14
S_BREAK_RATE: Final = 15
S_CAP: Final = 16
S_SHORT_RATE: Final = 17
S_LONG_RATE: Final = 18
S_WARMUP: Final = 19
S_TAIL_START: Final = 20
S_TAIL_GROWTH: Final = 21
S_QUANTILE_LOW: Final = 22
S_QUANTILE_HIGH: Final = 23
S_RELEASE: Final = 24
S_GATE_TRIGGER: Final = 25
S_GATE_FACTOR: Final = 26
S_ADOPT_AFTER: Final = 27
S_ADOPT_SIGMAS: Final = 28
S_ADOPT_COUNT: Final = 29
S_ADOPT_RATE: Final = 30
S_LINE: Final = 31
S_SUBSPACE_RULE: Final = 32
S_LONG_RATIO: Final = 33
S_WEIGHT_PRUNE: Final = 34
S_PRUNE_AFTER: Final = 35
S_EDGE_RULE: Final = 36
S_EDGE_L1: Final = 37
S_WEIGHT_SMALL: Final = 38
S_ACTIVITY_MIN: Final = 39
S_WEIGHT_GROW: Final = 40
S_SIGNIFICANCE: Final = 41
S_TRIAL: Final = 42
S_RETENTION: Final = 43
S_RESTORE_AFTER: Final = 44
S_SETTLE: Final = 45
S_VIEW_RATE: Final = 46  # and three more
S_EPISODE_SPAN: Final = 50
S_PACE_MIN: Final = 51
S_PACE_MAX: Final = 52
S_PACE_RATE: Final = 53
SETTING_ROWS: Final = 54
