import { queryOptions } from '@tanstack/react-query';
import type { OpenApiDocument } from './document.ts';

export const openApiQuery = () =>
  queryOptions({
    queryKey: ['openapi'],
    queryFn: async () => {
      const response = await fetch('/openapi.json');
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      return (await response.json()) as OpenApiDocument;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
