/**
 * The name of a tenant's log in its checkpoints (C2SP tlog-checkpoint: the origin, which is also the name of the key).
 * A restore from a backup begins another generation of the log, and from the second one on the name says which: two
 * checkpoints of one origin are always consistent with each other.
 */
export function logOrigin(tenant: string, generation: number): string {
  return generation === 1 ? `meterline/${tenant}` : `meterline/${tenant}/${generation}`
}
