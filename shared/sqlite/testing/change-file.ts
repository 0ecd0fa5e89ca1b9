import { openDatabase } from '../open.ts'
import { temporaryDisk } from '../simulated-disk.ts'

/** Changes a database file by SQL, behind the back of the program that it belongs to. */
export function changeFile(file: string, sql: string): void {
  const db = openDatabase({ file, disk: temporaryDisk })
  try {
    db.exec(sql)
  } finally {
    db.close()
  }
}
