/** Why a mapping rule could not read a payload, or one record of it, beside the reasons of the payload itself. */
export const mappingCodes = ['rule_unknown'] as const
export type MappingCode = (typeof mappingCodes)[number]
