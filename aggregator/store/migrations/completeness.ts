/** Tables of completeness. */
export const completenessTables = ''
