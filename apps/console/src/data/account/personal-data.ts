import { readProblem } from '@gatehouse/browser';
import { useMutation } from '@tanstack/react-query';
import { gatehouse } from '../../session.ts';
import { call } from '../api.ts';

/** Everything that is held of whoever is signed in, as a file. */
export const useExportOwnData = () =>
  useMutation({
    mutationFn: async (currentPassword: string): Promise<{ name: string; file: Blob }> => {
      const response = await gatehouse.fetch('/api/v1/account/export', {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify({ currentPassword }),
      });
      if (!response.ok) throw await readProblem(response);
      const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
      return { name: name ?? 'personal-data.json', file: await response.blob() };
    },
  });

/** Erases whoever is signed in. Every tab is signed out afterwards. */
export const useEraseOwnData = () =>
  useMutation({
    mutationFn: async (currentPassword: string): Promise<void> => {
      await call<undefined>('POST', '/api/v1/account/erase', { body: { currentPassword } });
      await gatehouse.signOut();
    },
  });
