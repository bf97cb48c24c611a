{{/* What the release's things are called: short enough that a room and a word fit behind it. */}}
{{- define "paceline.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What all of the release's pods are found by. */}}
{{- define "paceline.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "paceline.labels" -}}
{{ include "paceline.selector" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/part-of: paceline
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "paceline.image" -}}
{{- $repository := required "image.repository is not set: say where your cluster finds the image you built (docs/kubernetes.md)." .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "paceline.secret" -}}
{{- required "existingSecret.name is not set: make a Secret with the addresses of PostgreSQL and RabbitMQ, and name it (docs/kubernetes.md)." .Values.existingSecret.name -}}
{{- end -}}

{{- define "paceline.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "paceline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "paceline.rabbitmqSecret" -}}
{{- default (include "paceline.secret" .) .Values.existingSecret.rabbitmqName -}}
{{- end -}}

{{/* The addresses of the servers, out of the Secret. */}}
{{- define "paceline.databaseUrl" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "paceline.secret" . }}
      key: {{ .Values.existingSecret.databaseUrlKey }}
{{- end -}}

{{- define "paceline.rabbitmqUrl" -}}
- name: RABBITMQ_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "paceline.rabbitmqSecret" . }}
      key: {{ .Values.existingSecret.rabbitmqUrlKey }}
{{- end -}}

{{/* Restricted, as the Pod Security Standards have it: the pod's part, and the container's. */}}
{{- define "paceline.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "paceline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
