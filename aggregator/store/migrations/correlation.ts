/** Tables of correlation. */
export const correlationTables = ''
