import { Told } from '../told.ts';

/** A copy cannot be made, or not be put back; the message says why in a sentence. */
export class BackupError extends Told {}
