import type { AuditRecordDetail } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';
import { SealState } from './SealState.tsx';

/** What shows that the record is what was sealed: the hashes, the canonical form, the signed checkpoint. */
export function AuditProof({ record }: { readonly record: AuditRecordDetail }) {
  const { t } = useTranslation();
  const { seal, proof } = record;
  return (
    <section className="proof" aria-labelledby="proof-title">
      <h3 id="proof-title">{t('audit.proof.title')}</h3>
      <p className="proof-state">
        <SealState seal={seal} /> <span>{t(`audit.seal.${seal.state}.text`)}</span>
      </p>
      {proof?.fault && <p className="proof-fault">{t(`audit.proof.fault.${proof.fault}`)}</p>}
      {proof && (
        <>
          <dl className="facts">
            <div>
              <dt>{t('audit.proof.seq')}</dt>
              <dd>{seal.seq}</dd>
            </div>
            <div>
              <dt>{t('audit.proof.tree')}</dt>
              <dd>{t('audit.proof.treeOf', { size: proof.treeSize ?? 0, count: proof.path.length })}</dd>
            </div>
            <div className="wide">
              <dt>{t('audit.proof.hash')}</dt>
              <dd>
                <code>{seal.hash}</code>
              </dd>
            </div>
            {seal.hash !== proof.sealedHash && (
              <div className="wide">
                <dt>{t('audit.proof.sealedHash')}</dt>
                <dd>
                  <code>{proof.sealedHash}</code>
                </dd>
              </div>
            )}
            <div className="wide">
              <dt>{t('audit.proof.prev')}</dt>
              <dd>
                <code>{prevOf(proof.entry) ?? t('audit.proof.first')}</code>
              </dd>
            </div>
          </dl>
          <Folded title={t('audit.proof.entry')} text={proof.entry} />
          {proof.path.length > 0 && <Folded title={t('audit.proof.path')} text={proof.path.join('\n')} />}
          {proof.checkpoint !== null && (
            <Folded title={t('audit.proof.checkpoint')} text={proof.checkpoint} />
          )}
        </>
      )}
    </section>
  );
}

function Folded({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <details className="folded">
      <summary>{title}</summary>
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </details>
  );
}

const prevOf = (entry: string): string | null => (JSON.parse(entry) as { prev: string | null }).prev;
