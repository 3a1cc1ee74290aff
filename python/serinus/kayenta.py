"""Kayenta's canary judge: the same answers to the same requests, and the requests judged natively.

Requests and responses are dicts, as ``json.loads`` reads them.

Examples
--------
>>> from serinus import kayenta
>>> response = kayenta.judge({
...     "canaryConfig": {"metrics": [], "classifier": {}}, "scoreThresholds": {"pass": 95, "marginal": 75},
...     "metricSetPairList": []})
>>> response["judgeName"]
'NetflixACAJudge-v1.0'
"""

from serinus._native import kayenta_compare as compare
from serinus._native import kayenta_import as import_config
from serinus._native import kayenta_judge as judge
from serinus._native import kayenta_judge_native as judge_native

__all__ = ["compare", "import_config", "judge", "judge_native"]
