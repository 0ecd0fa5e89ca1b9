/** Tables of segment days. */
export const segmentDayTables = ''
