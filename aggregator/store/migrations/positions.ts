/**
 * Where segments stand whose total does not follow from the quantity alone: `exact` is what whole records cost, `earliest`
 * the events that a price may leave free, as JSON. Every segment from before this step is of a splittable price, whose
 * total needs neither, so the defaults are right for them. Days count their records, and add up `exact`, from the decisions
 * after log entry `positions_after_log` on.
 */
export const positionColumns = `
  ALTER TABLE segment ADD COLUMN exact TEXT NOT NULL DEFAULT '0';
  ALTER TABLE segment ADD COLUMN earliest TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE segment_day ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE segment_day ADD COLUMN exact TEXT NOT NULL DEFAULT '0';
  ALTER TABLE segment_day_origin ADD COLUMN positions_after_log INTEGER NOT NULL DEFAULT -1;
  UPDATE segment_day_origin SET positions_after_log = (SELECT coalesce(max(log_index), -1) FROM log);
`
