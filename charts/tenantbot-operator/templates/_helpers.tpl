{{- define "tenantbot.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tenantbot.selector" -}}
app.kubernetes.io/name: tenantbot
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tenantbot.labels" -}}
{{ include "tenantbot.selector" . }}
app.kubernetes.io/part-of: tenantbot
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "tenantbot.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "tenantbot.defaultFleet" -}}
{{- if .Values.defaultFleet.create -}}
apiVersion: tenantbot.dev/v1alpha1
kind: BotFleet
metadata:
  name: default
spec: {{- toYaml .Values.defaultFleet.spec | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "tenantbot.database" -}}
{{ include "tenantbot.name" . }}-history
{{- end -}}

{{- /* name and key of the Secret with the address of the database; empty where there is none. */ -}}
{{- define "tenantbot.databaseUrl" -}}
{{- with .Values.history }}
{{- if .databaseUrlSecretRef.name }}{{ toYaml .databaseUrlSecretRef }}
{{- else if .cloudnativepg.create }}{{ dict "name" (printf "%s-app" (include "tenantbot.database" $)) "key" "uri" | toYaml }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The same for the certificates that its own is checked against. */ -}}
{{- define "tenantbot.databaseCa" -}}
{{- with .Values.history }}
{{- if .caSecretRef.name }}{{ toYaml .caSecretRef }}
{{- else if and .cloudnativepg.create (not .databaseUrlSecretRef.name) }}{{ dict "name" (printf "%s-ca" (include "tenantbot.database" $)) "key" "ca.crt" | toYaml }}
{{- end }}
{{- end }}
{{- end -}}
