/**
 * The kinds of fault a run can be limited to.
 *
 * `stream`: everything that ordered streams and honest processes can show: delays, breaks that lose what is under way,
 * silence until a keepalive runs out, crashes, wrong clocks, bad input. All invariants hold: I1, I5 to I12 at every
 * step, I18 once the faults stop, without a person's help and without evidence kept against anybody.
 *
 * `misbehaving`: links also lose, repeat, reorder and corrupt single messages, as a broken proxy would; a hole in a
 * stream ends in a broken connection before long. The same invariants hold at every step. Being accused is allowed
 * here, and a batch that was corrupted may cut its agent off until a person starts it anew; then I18 holds as well.
 *
 * `disk`: `stream`, and disks that lose, tear and reorder what was not synchronised when the power goes, fill up, fail to
 * synchronise, and are slow. All invariants hold.
 *
 * `damage`: `disk`, and bits of files flip while nobody looks. What was damaged is found and named; nothing else is lost.
 *
 * `actors`: `disk`, and machines that are cloned or run from old images, an aggregator that is restored from an old
 * backup, and agents that forge, back-date and equivocate. What they cost is bounded and named.
 */
export type FaultMode = 'none' | 'stream' | 'misbehaving' | 'disk' | 'damage' | 'actors'

/** Every mode, in the order in which runs take their turns. */
export const faultModes: readonly FaultMode[] = ['none', 'stream', 'misbehaving', 'disk', 'damage', 'actors']
