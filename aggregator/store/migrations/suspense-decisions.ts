/** Tables of suspense decisions. */
export const suspenseDecisionTables = ''
