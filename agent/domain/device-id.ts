const deviceIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/

/** Whether a text can be a device id: 1 to 64 of `A-Z a-z 0-9 . _ : -`, a letter or digit first. It is a topic level. */
export function isDeviceId(text: string): boolean {
  return deviceIdPattern.test(text)
}
