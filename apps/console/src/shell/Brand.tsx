import { useQuery } from '@tanstack/react-query';
import { optionsQuery } from '../data/options.ts';
import { markPath } from '../design/mark.ts';

export function Brand() {
  const { data } = useQuery(optionsQuery());
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <path fill="currentColor" fillRule="evenodd" d={markPath} />
      </svg>
      <span>{data?.deploymentName ?? 'Gatehouse'}</span>
    </span>
  );
}
