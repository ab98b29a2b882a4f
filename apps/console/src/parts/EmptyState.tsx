import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly title: string;
  readonly text: string;
  readonly heading?: 'h1' | 'h2' | 'p';
  /** What to do next. */
  readonly children?: ReactNode;
}

/** Where there is nothing: why, and what to do next. */
export function EmptyState({ title, text, heading: Heading = 'p', children }: EmptyStateProps) {
  return (
    <div className="empty">
      <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
        <path d="M8 58V30a24 24 0 0 1 48 0v28M18 58V31a14 14 0 0 1 28 0v27M28 58V32a4 4 0 0 1 8 0v26" />
      </svg>
      <Heading className="empty-title">{title}</Heading>
      <p>{text}</p>
      {children}
    </div>
  );
}
