{{- define "gatehouse.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "gatehouse.selector" -}}
app.kubernetes.io/name: gatehouse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gatehouse.labels" -}}
{{ include "gatehouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "gatehouse.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "gatehouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "gatehouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What the service and the migration job both get. Secrets come as files: a process list or a crash report shows none. */}}
{{- define "gatehouse.environment" -}}
- name: GATEHOUSE_PUBLIC_URL
  value: {{ required "publicUrl: say where people reach it, such as https://id.example.com" .Values.publicUrl | quote }}
- name: GATEHOUSE_MASTER_KEY_FILE
  value: /run/secrets/gatehouse/master-key
- name: DATABASE_URL_FILE
  value: /run/secrets/gatehouse/database-url
- name: SMTP_URL_FILE
  value: /run/secrets/gatehouse/smtp-url
- name: MAIL_FROM
  value: {{ required "mailFrom: say whom mail is from" .Values.mailFrom | quote }}
{{- if .Values.secrets.valkeyUrl.name }}
- name: VALKEY_URL_FILE
  value: /run/secrets/gatehouse/valkey-url
{{- end }}
{{- if .Values.tls.secret }}
- name: TLS_CERT_FILE
  value: /run/secrets/tls/tls.crt
- name: TLS_KEY_FILE
  value: /run/secrets/tls/tls.key
{{- end }}
{{- with .Values.trustedProxies }}
- name: TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "gatehouse.mounts" -}}
- name: secrets
  mountPath: /run/secrets/gatehouse
  readOnly: true
{{- if .Values.tls.secret }}
- name: tls
  mountPath: /run/secrets/tls
  readOnly: true
{{- end }}
- name: tmp
  mountPath: /tmp
{{- end -}}

{{/* Takes (dict "root" $ "admin" true): the administrator's URL goes to the migration job alone. */}}
{{- define "gatehouse.volumes" -}}
{{- $secrets := .root.Values.secrets -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ required "secrets.masterKey.name: name the Secret that holds the master key" $secrets.masterKey.name }}
          items: [{key: {{ $secrets.masterKey.key | quote }}, path: master-key}]
      - secret:
          name: {{ required "secrets.databaseUrl.name: name the Secret that holds the URL of the login role" $secrets.databaseUrl.name }}
          items: [{key: {{ $secrets.databaseUrl.key | quote }}, path: database-url}]
      - secret:
          name: {{ required "secrets.smtpUrl.name: name the Secret that holds the URL of the mail server" $secrets.smtpUrl.name }}
          items: [{key: {{ $secrets.smtpUrl.key | quote }}, path: smtp-url}]
      {{- if $secrets.valkeyUrl.name }}
      - secret:
          name: {{ $secrets.valkeyUrl.name }}
          items: [{key: {{ $secrets.valkeyUrl.key | quote }}, path: valkey-url}]
      {{- end }}
      {{- if .admin }}
      - secret:
          name: {{ required "secrets.databaseAdminUrl.name: name the Secret that the migration job logs in with" $secrets.databaseAdminUrl.name }}
          items: [{key: {{ $secrets.databaseAdminUrl.key | quote }}, path: database-admin-url}]
      {{- end }}
{{- if .root.Values.tls.secret }}
- name: tls
  secret:
    secretName: {{ .root.Values.tls.secret }}
    defaultMode: 0440
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 16Mi
{{- end -}}
