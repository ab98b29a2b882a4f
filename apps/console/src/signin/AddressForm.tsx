/** @jsxImportSource preact */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Field, PasswordField } from './fields.tsx';
import { Form, readValues } from './Form.tsx';
import { useHomeRealm } from './home-realm.ts';
import { providerAddress } from './Providers.tsx';
import { t } from './text.ts';

type Values = Readonly<Record<string, string>>;

/**
 * Address and password: one form, which password managers and passkeys know. Where the people of the address's domain have an identity
 * provider, that stands in the place of the password as soon as the address is there.
 */
export function AddressForm({ send }: { readonly send: (values: Values) => Promise<void> }) {
  const { found, shown, look, choosePassword, chooseProvider } = useHomeRealm();
  const rest = useRef<HTMLFieldSetElement>(null);
  /** Whether the person asked for what stands there now. */
  const moves = useRef(false);
  useLayoutEffect(() => {
    const { current: fields } = rest;
    if (!fields) return;
    const isInside = fields.contains(document.activeElement);
    // Here and not in the markup: browsers take the focus from what is disabled, and it could not be seen any more where it was.
    fields.disabled = shown !== undefined;
    // Whoever is elsewhere is left there; on a page that was just opened the address has the focus.
    if (!moves.current && !isInside) return;
    moves.current = false;
    const next = shown ? 'button[type="submit"]' : '#password';
    fields.form?.querySelector<HTMLElement>(next)?.focus();
  }, [shown]);

  const choose = (change: () => void) => () => {
    moves.current = true;
    change();
  };
  async function lookAt({ email = '', password = '' }: Values): Promise<boolean> {
    moves.current = true;
    const now = await look(email, password);
    if (now?.id !== shown?.id) return false;
    moves.current = false;
    return true;
  }
  function leave({ form }: HTMLInputElement): void {
    if (!form) return;
    const { email = '', password = '' } = readValues(form);
    void look(email, password);
  }
  const goThere = async (id: string): Promise<void> =>
    location.assign(providerAddress(`/api/v1/auth/connections/${id}/login`));

  return (
    <>
      <Form
        submit={shown ? t('signin.by', { name: shown.name }) : t('signin.submit')}
        submitting={t('signin.submitting')}
        look={lookAt}
        send={shown ? () => goThere(shown.id) : send}
      >
        {({ fields }) => (
          <>
            <Field
              name="email"
              type="email"
              label={t('field.email')}
              // Passkeys are offered where the address is typed.
              autocomplete="username webauthn"
              error={fields.email}
              onLeave={leave}
              autofocus
            />
            <fieldset ref={rest} hidden={shown !== undefined}>
              <PasswordField label={t('field.password')} purpose="current-password" error={fields.password} />
            </fieldset>
            <p class="realm" role="status">
              {shown && t('signin.realm', { domain: shown.domain, name: shown.name })}
            </p>
          </>
        )}
      </Form>
      {found?.takesPasswords && (
        <p>
          <button type="button" class="link" onClick={choose(shown ? choosePassword : chooseProvider)}>
            {shown ? t('signin.usePassword') : t('signin.useProvider', { name: found.name })}
          </button>
        </p>
      )}
    </>
  );
}
