import { Told } from '../told.ts';

/** What went wrong, as a stable code; the message is one sentence that says what to do. */
export type EmbeddedPostgresFault =
  | 'unsupported_platform'
  | 'binaries_missing'
  | 'binaries_do_not_run'
  | 'no_os_user'
  | 'folder_not_writable'
  | 'folder_of_another_user'
  | 'folder_in_use'
  | 'version_mismatch'
  | 'disk_full'
  | 'runtime_folder'
  | 'init_failed'
  | 'start_failed'
  | 'connection_failed';

export class EmbeddedPostgresError extends Told {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: EmbeddedPostgresFault;

  constructor(code: EmbeddedPostgresFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The system's own error code (`EACCES`, `ENOSPC`, …), if the error carries one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Turns a failed file operation on `path` into the sentence that a person can act on. */
export function folderFault(error: unknown, path: string): unknown {
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
      return new EmbeddedPostgresError(
        'folder_not_writable',
        `The data folder ${path} cannot be written by this user: make it writable, or name another folder in GATEHOUSE_DATA_DIR.`,
        { cause: error },
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new EmbeddedPostgresError(
        'folder_not_writable',
        `The data folder ${path} is not a folder: name another one in GATEHOUSE_DATA_DIR.`,
        { cause: error },
      );
    case 'ENAMETOOLONG':
      return new EmbeddedPostgresError(
        'folder_not_writable',
        `The path of the data folder ${path} is too long for this system: name a shorter one in GATEHOUSE_DATA_DIR.`,
        { cause: error },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(path, error);
    default:
      return error;
  }
}

export function diskFull(path: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'disk_full',
    `No space is left on the disk that holds ${path}: free some space and start again; nothing was lost.`,
    { cause },
  );
}
