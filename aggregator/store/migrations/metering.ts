/** Tables of metering. */
export const meteringTables = ''
