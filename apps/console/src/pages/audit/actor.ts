import type { AuditRecord } from '@gatehouse/contracts';

export function sayActor({ actor }: AuditRecord, t: (key: string) => string): string {
  return (
    actor.label ??
    (actor.kind === 'user' ? (actor.id ?? t('audit.actor.erased')) : t(`audit.actor.${actor.kind}`))
  );
}
