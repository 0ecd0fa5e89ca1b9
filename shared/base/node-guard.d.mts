/**
 * Says why a Node version cannot run Meterline, or nothing when it can. `program` is the command that was started,
 * `npmScript` the npm script that starts it, `version` as in process.versions.node, `executable` as in process.execPath.
 */
export function wrongNodeMessage(
  program: string,
  npmScript: string,
  version: string,
  executable: string,
): string | undefined

/** Ends the process with that message when the running Node is too old. To be called before anything else is loaded. */
export function requireNode(program: string, npmScript: string): void
