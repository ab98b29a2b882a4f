/** @jsxImportSource preact */
import {
  askedRules,
  DEFAULT_PASSWORD_RULES,
  fitsBcrypt,
  type PasswordRules as Rules,
} from '@gatehouse/contracts';
import { t } from './text.ts';

/** The rules of a new password, each with whether it is met, while one types. */
export function PasswordRules({
  password,
  of = DEFAULT_PASSWORD_RULES,
}: {
  password: string;
  of: Rules | undefined;
}) {
  const rules = askedRules(of).map(([name, { isMet }]) => ({
    name,
    met: isMet(password, of),
  }));
  if (!fitsBcrypt(password)) rules.push({ name: 'bytes', met: false });
  return (
    <div class="rules" id="password-rules">
      <p>{t('rules.title')}</p>
      <ul>
        {rules.map(({ name, met }) => {
          const rule = t(`rules.${name}`, { count: String(of.minLength) });
          return (
            <li key={name} class={met ? 'met' : undefined}>
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d={met ? 'M3 8.5l3.2 3.2L13 5' : 'M8 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6'} />
              </svg>
              <span aria-hidden="true">{rule}</span>
              <span class="unseen">{t(met ? 'rules.met' : 'rules.unmet', { rule })}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
