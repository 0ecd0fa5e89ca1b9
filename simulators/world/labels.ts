/** What devices say of their usage that prices look at. */
export const deviceLabels = { apn: ['iot', 'fleet', 'roam'], region: ['eu', 'us'] } as const

/** The AI models that calls name. */
export const modelNames = ['bright-large-2', 'bright-small-2', 'dark-mini'] as const

/** The fact that says how large a call was: all its input tokens. */
export const sizeFact = 'ai.total_input_tokens'
