/** @jsxImportSource preact */
import type { Branding } from '@gatehouse/contracts';
import type { ComponentChildren } from 'preact';
import { markPath } from '../design/mark.ts';
import { navigate } from './address.ts';
import { t } from './text.ts';

/** The page around each form: on wide screens the passage through the gatehouse beside it. */
export function Frame({
  deployment,
  branding,
  children,
}: {
  deployment: string | undefined;
  branding: Branding | null | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="frame">
      <header class="passage">
        <Arches />
        {branding ? (
          <Brand branding={branding} />
        ) : (
          <p class="brand">
            <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
              <path fill="currentColor" fill-rule="evenodd" d={markPath} />
            </svg>
            <span>{deployment ?? 'Gatehouse'}</span>
          </p>
        )}
        <p class="tagline">
          {t('tagline')}
          <small>{t('taglineMore')}</small>
        </p>
      </header>
      <main class="content">
        <div class="card">{children}</div>
      </main>
    </div>
  );
}

/** A tenant's logo, on a ground on which every logo can be seen, or its name; at home at its own address. */
function Brand({ branding: { name, logo, companyUrl } }: { branding: Branding }) {
  const shown = logo ? (
    <img class="logo" src={logo.url} width={logo.width} height={logo.height} alt={name} />
  ) : (
    <span>{name}</span>
  );
  return (
    <p class="brand">
      {companyUrl ? (
        <a href={companyUrl} rel="noreferrer">
          {shown}
        </a>
      ) : (
        shown
      )}
    </p>
  );
}

/** Arch behind arch, brighter towards the far end. */
function Arches() {
  return (
    <svg class="arches" viewBox="0 160 400 440" preserveAspectRatio="xMidYMin slice" aria-hidden="true">
      {[0, 1, 2, 3, 4, 5].map((depth) => {
        const half = 178 - depth * 28;
        const spring = 350 + depth * 22;
        const path = `M${200 - half} 600V${spring}a${half} ${half} 0 0 1 ${half * 2} 0V600z`;
        return <path key={depth} d={path} class={`arch arch-${depth}`} />;
      })}
    </svg>
  );
}

/** The heading of a page; it takes the focus when the page changes. */
export function Heading({ title, lead }: { title: string; lead?: string }) {
  return (
    <header class="heading">
      <h1 tabIndex={-1}>{title}</h1>
      {lead && <p>{lead}</p>}
    </header>
  );
}

/** A link to another of these pages. */
export function PageLink({
  to,
  children,
  button,
}: {
  to: string;
  children: ComponentChildren;
  button?: boolean;
}) {
  return (
    <a
      href={to}
      class={button ? 'button' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}

export function Notice({ kind, children }: { kind: 'good' | 'care'; children: ComponentChildren }) {
  return (
    <p class={`notice ${kind}`} role="status">
      {children}
    </p>
  );
}
