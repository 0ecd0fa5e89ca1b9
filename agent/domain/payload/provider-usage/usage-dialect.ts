import type { Result } from '@meterline/shared/base/errors.ts'
import type { JsonObject } from '../json-text.ts'
import type { NormaliseFault } from '../rejection.ts'
import type { TokenClasses } from '../token-classes.ts'
import type { CountReader, Refused } from './count-reader.ts'
import type { KnownFields } from './known-fields.ts'

/** How one API states what a call used. */
export interface UsageDialect {
  /** Name and version, such as `anthropic/1`: goes with every event it reads. A reader that counts otherwise is another version. */
  readonly name: string
  /** The provider where only one speaks the dialect, under its OpenTelemetry name; null where many servers do. */
  readonly provider: string | null
  /** What it knows of a usage object; null where the counts stand among other members of the response. */
  readonly known: KnownFields | null
  /**
   * Refuses a piece of a streamed answer whose counts are not those of the whole call (every piece has the same id, so
   * that the first would be charged and the true one refused as a conflict); null for a whole answer.
   */
  unfinished(response: JsonObject): Refused | null
  /** Splits the counts into disjoint classes. */
  read(usage: JsonObject, counts: CountReader): Result<TokenClasses, NormaliseFault>
  /** What was asked for, under its OpenTelemetry name (`chat`, `embeddings`, …); null when the response does not show it. */
  operation(response: JsonObject): string | null
}
