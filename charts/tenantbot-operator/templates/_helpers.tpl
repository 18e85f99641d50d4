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
