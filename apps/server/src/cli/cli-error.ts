import { Told } from '../platform/told.ts';

/** A fault that is told in one sentence: what is wrong and what to do. */
export class CliError extends Told {}
