import type { Header } from './form.ts';

/** What the stream's key is sealed for. */
export const contextOf = (id: string): string => `backup ${id}`;

/** What the stream belongs to: who changes a word of the header opens nothing. */
export const boundTo = ({ gatehouseBackup, id, createdAt, masterKey }: Header): string =>
  JSON.stringify([gatehouseBackup, id, createdAt, masterKey]);
