import { useMutation } from '@tanstack/react-query';
import { gatehouse } from '../../session.ts';
import { call } from '../api.ts';
import { saveFile } from '../file.ts';

/** Everything that is held of whoever is signed in, saved as a file. */
export const useExportOwnData = () => useMutation({ mutationFn: () => saveFile('/api/v1/account/export') });

/** Erases whoever is signed in. Every tab is signed out afterwards. */
export const useEraseOwnData = () =>
  useMutation({
    mutationFn: async (): Promise<void> => {
      await call<undefined>('POST', '/api/v1/account/erase');
      await gatehouse.signOut();
    },
  });
