export { openSnapshot } from './backup.repo.ts';
export type { Manifest } from './form.ts';
export { type Backup, openBackup } from './read-backup.ts';
export { restoreBackup } from './restore.repo.ts';
export { type Progress, writeBackup } from './write-backup.ts';
