import { ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { BackupReport, Commands } from '../flow/commands.ts'

/** The word that stands for every tenant where a backup names one. */
export const allTenants = 'all'

/** What backups came to. */
export interface BackupAnswer {
  readonly backups: readonly BackupReport[]
  /** Tenants that were asked for with all others and could not be backed up. */
  readonly failed: readonly { readonly tenant: string; readonly code: string; readonly message: string }[]
}

/** Backs up one tenant, or one after the other: one that cannot be backed up keeps none of the others from it. */
export async function backupAnswer(
  commands: Pick<Commands, 'backup' | 'status'>,
  tenant: string,
  toDirectory: string,
  progress: (message: string) => void,
): Promise<Result<BackupAnswer>> {
  if (tenant !== allTenants) {
    const made = await commands.backup({ tenant, toDirectory }, progress)
    return made.ok ? ok({ backups: [made.value], failed: [] }) : made
  }
  const backups: BackupReport[] = []
  const failed: { tenant: string; code: string; message: string }[] = []
  for (const { tenant: each } of commands.status()) {
    const made = await commands.backup({ tenant: each, toDirectory }, progress)
    if (made.ok) backups.push(made.value)
    else failed.push({ tenant: each, code: made.fault.code, message: made.fault.message })
  }
  return ok({ backups, failed })
}
