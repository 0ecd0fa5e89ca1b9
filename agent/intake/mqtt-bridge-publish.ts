import type { FrameReader } from './mqtt-frames.ts'

/** The protocol versions a bridge speaks: 4 is MQTT 3.1.1. */
export type BridgeProtocolVersion = 4 | 5

const malformed = -1

/** Where the parts of a PUBLISH from a broker stand in the buffer of its frame. One object is used over and over. */
export class BrokerPublish {
  qos = 0
  /** 1 to 65 535; 0 at QoS 0, which has none. */
  packetId = 0
  /** The broker has sent it before, on this connection or an earlier one. */
  isRepeated = false
  /** A copy that the broker keeps for new subscribers, sent because of our subscription. */
  isRetained = false
  topicStart = 0
  topicEnd = 0
  payloadStart = 0
  payloadEnd = 0

  /**
   * Reads the PUBLISH the reader stands at (MQTT 3.1.1 and MQTT 5, section 3.3). False: malformed, or its topic is an
   * alias, which was never allowed. The properties of MQTT 5 are passed over. In a truncated frame whose properties do
   * not end, they count as payload: that is too long whatever it is, and serves as evidence only.
   */
  read(frame: FrameReader, version: BridgeProtocolVersion): boolean {
    const { bytes, bodyStart, end } = frame
    const head = bytes[frame.start] ?? 0
    this.qos = (head >> 1) & 3
    this.isRepeated = (head & 8) !== 0
    this.isRetained = (head & 1) !== 0
    if (this.qos === 3 || end - bodyStart < 2) return false
    this.topicStart = bodyStart + 2
    this.topicEnd = this.topicStart + bytes.readUInt16BE(bodyStart)
    const afterId = this.qos === 0 ? this.topicEnd : this.topicEnd + 2
    if (afterId > end || this.topicEnd === this.topicStart) return false
    this.packetId = this.qos === 0 ? 0 : bytes.readUInt16BE(this.topicEnd)
    if (this.qos !== 0 && this.packetId === 0) return false
    const payloadStart = version === 5 ? afterProperties(bytes, afterId, end) : afterId
    if (payloadStart === malformed && !frame.truncated) return false
    this.payloadStart = payloadStart === malformed ? afterId : payloadStart
    this.payloadEnd = end
    return true
  }
}

/** Where the properties that begin at `at` end: a length of one to four bytes, then so many (MQTT 5, section 2.2.2). */
function afterProperties(bytes: Buffer, at: number, end: number): number {
  let length = 0
  let scale = 1
  for (let position = at; position < Math.min(end, at + 4); position++) {
    const byte = bytes[position] ?? 0
    length += (byte & 0x7f) * scale
    if (byte < 0x80) return position + 1 + length <= end ? position + 1 + length : malformed
    scale *= 128
  }
  return malformed
}
