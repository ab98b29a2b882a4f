import type { Consent } from '@gatehouse/contracts';
import { queryOptions } from '@tanstack/react-query';
import { call, type Page } from '../api.ts';

export const consentKeys = { all: ['consents'] as const };

/** What counts now: the newest entry of each purpose that was ever asked for. */
export const consentsQuery = () =>
  queryOptions({
    queryKey: consentKeys.all,
    queryFn: () =>
      call<Page<Consent>>('GET', '/api/v1/account/consents', { query: { current: 'true', limit: 100 } }),
  });
