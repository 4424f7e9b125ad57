/**
 * `dray help metrics`
 *
 * @module
 */
import { METRIC_TABLE } from "../../../cri/observability/metric_table.ts";
import { paragraph, terms, type TopicDocument } from "./document.ts";

/** The contents of the topic. */
export const METRICS_TOPIC: TopicDocument = [
  paragraph(
    "dray serve cri --http ADDRESS serves /metrics in the text format of Prometheus. A histogram NAME consists",
    "of NAME_bucket (with the label le), NAME_sum and NAME_count.",
  ),
  terms(METRIC_TABLE.map(({ name, type, labels, help }) => {
    const labelText = labels.length === 0 ? "" : ` (labels: ${labels.join(", ")})`;
    return [name, `${type}${labelText}: ${help}`] as const;
  })),
];
