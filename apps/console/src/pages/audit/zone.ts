/** What a `datetime-local` field holds is a time of the reader's zone; the server takes UTC. */
export function localToUtc(local: string): string | undefined {
  const time = new Date(local);
  return local && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}

export function utcToLocal(utc: string | undefined): string {
  const time = new Date(utc ?? '');
  if (Number.isNaN(time.getTime())) return '';
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
