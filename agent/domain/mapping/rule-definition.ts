/**
 * A mapping rule as it is written: plain data, which crosses to the writer's thread and is compiled there. What each key
 * means is told in docs/mapping.md.
 */
export interface RuleDefinition {
  readonly name: string
  /** A shipped rule that this one starts from. */
  readonly profile?: string | undefined
  /** MQTT topic filters of the embedded broker whose messages this rule reads. */
  readonly topics?: readonly string[] | undefined
  /** Devices that may publish to these topics; left out: any authenticated device. */
  readonly publishers?: readonly string[] | undefined
  /** CloudEvents of these types, on the usual topics and doors, are read by this rule. */
  readonly eventTypes?: readonly string[] | undefined
  readonly format?: RuleFormat | undefined
  readonly records?: string | undefined
  readonly when?: readonly FilterDefinition[] | undefined
  readonly id?: SourceList | undefined
  readonly atLeastOnce?: boolean | undefined
  readonly subject?: SourceText | undefined
  readonly source?: SourceText | undefined
  readonly time?: SourceText | undefined
  readonly timeUnit?: TimeUnit | undefined
  readonly sequence?: SourceText | undefined
  readonly reset?: SourceText | undefined
  readonly meters?: readonly MeterDefinition[] | undefined
  readonly dimensions?: Readonly<Record<string, SourceText>> | undefined
}

/** A shipped rule: everything but the name. */
export type RuleProfile = Omit<RuleDefinition, 'name' | 'profile'>

/** One place a value comes from, or several of which the first that is there counts. */
export type SourceText = string | readonly string[]

/** The parts of a composite id, in order. */
export type SourceList = string | readonly SourceText[]

export const ruleFormats = ['json', 'ndjson', 'sparkplug-b'] as const
export type RuleFormat = (typeof ruleFormats)[number]

export const timeUnits = ['s', 'ms', 'us', 'ns', 'rfc3339'] as const
export type TimeUnit = (typeof timeUnits)[number]

export type Scalar = string | number | boolean

/** One condition; exactly one of its comparisons is stated. */
export interface FilterDefinition {
  readonly at: SourceText
  readonly is?: Scalar | undefined
  readonly isNot?: Scalar | undefined
  readonly in?: readonly Scalar[] | undefined
  readonly exists?: boolean | undefined
  readonly atLeast?: string | number | undefined
  readonly atMost?: string | number | undefined
}

export interface MeterDefinition {
  readonly meter?: string | undefined
  /** Where the payload itself names the meter. */
  readonly meterFrom?: SourceText | undefined
  /** What the payload's names are called here. */
  readonly names?: Readonly<Record<string, string>> | undefined
  readonly quantity: number | SourceText | QuantityDefinition
  readonly when?: readonly FilterDefinition[] | undefined
}

export const roundings = ['exact', 'floor', 'ceiling', 'half-even'] as const
export type Rounding = (typeof roundings)[number]

export const measures = ['base64-bytes', 'hex-bytes', 'text-bytes', 'items'] as const
export type Measure = (typeof measures)[number]

export const quantityParts = ['positive', 'negative'] as const
export type QuantityPart = (typeof quantityParts)[number]

export interface QuantityDefinition {
  readonly at: SourceText
  readonly measure?: Measure | undefined
  readonly part?: QuantityPart | undefined
  readonly scale?: string | number | undefined
  readonly unit?: { readonly from: SourceText; readonly to: string } | undefined
  readonly divide?: string | number | undefined
  readonly ceilingDivide?: string | number | undefined
  readonly round?: Rounding | undefined
  readonly default?: string | number | undefined
  readonly omitZero?: boolean | undefined
}

/** Caps of one rule and of all of them. */
export const ruleLimits = {
  rules: 64,
  topics: 32,
  publishers: 1024,
  eventTypes: 32,
  filters: 16,
  idParts: 8,
  alternatives: 8,
  names: 256,
  pointerCharacters: 256,
} as const
