import type { RuleProfile } from '../rule-definition.ts'

/**
 * Sparkplug B, topics `spBv1.0/<group>/<message type>/<edge node>[/<device>]` (Eclipse Sparkplug 3.0). Each metric of a
 * birth or data message is a record; which of them are meters only the operator knows, so `meters` is to be added. A
 * metric is told apart by its place, its name and its own timestamp; `/` stands where there is no device, which no topic
 * level can be. Births are read as well: what changed while a node was away is only in them.
 */
export const sparkplugB: RuleProfile = {
  format: 'sparkplug-b',
  when: [
    { at: 'topic/2', in: ['NBIRTH', 'NDATA', 'DBIRTH', 'DDATA'] },
    { at: '/isNull', is: false },
  ],
  id: ['topic/1', 'topic/3', ['topic/4', '= /'], '/name', ['/timestamp', '$/timestamp']],
  subject: ['topic/4', 'topic/3'],
  time: ['/timestamp', '$/timestamp'],
  timeUnit: 'ms',
  dimensions: { group: 'topic/1', node: 'topic/3' },
}
