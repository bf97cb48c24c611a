{{/* Of one room, all take (dict "root" $ "room" "api"). */}}

{{- define "paceline.rooms" -}}api pacer dialer results{{- end -}}

{{- define "paceline.roomName" -}}
{{- printf "%s-%s" (include "paceline.fullname" .root) .room -}}
{{- end -}}

{{- define "paceline.roomSelector" -}}
{{ include "paceline.selector" .root }}
app.kubernetes.io/component: {{ .room }}
{{- end -}}

{{- define "paceline.roomLabels" -}}
{{ include "paceline.labels" .root }}
app.kubernetes.io/component: {{ .room }}
{{- end -}}

{{/*
A room's settings as YAML of texts. Helm's own `merge` takes an empty or false value for none, and its numbers are
floats, which it writes as 5.36870912e+08: JSON does not.
*/}}
{{- define "paceline.roomSettings" -}}
{{- $all := dict "OPS_HOST" "0.0.0.0" "OPS_PORT" (include "paceline.opsPort" .) -}}
{{- if eq .room "api" -}}
{{- $_ := set $all "API_HOST" "0.0.0.0" -}}
{{- $_ := set $all "API_PORT" (include "paceline.apiPort" .) -}}
{{- end -}}
{{- range $settings := list .root.Values.settings (index .root.Values .room).settings -}}
{{- range $name, $value := $settings -}}
{{- $_ := set $all $name (kindIs "string" $value | ternary $value (toJson $value)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{- define "paceline.apiPort" -}}8080{{- end -}}
{{- define "paceline.opsPort" -}}9090{{- end -}}

{{/* The least number of pods the room is meant to have. */}}
{{- define "paceline.roomReplicas" -}}
{{- $values := index .root.Values .room -}}
{{- if and (eq .room "api") $values.autoscaling.enabled -}}
{{- $values.autoscaling.minReplicas -}}
{{- else if and (eq .room "dialer") $values.keda.enabled -}}
{{- $values.keda.minReplicas -}}
{{- else -}}
{{- $values.replicas -}}
{{- end -}}
{{- end -}}

{{/* Whether something else than the Deployment counts its pods; empty is no. */}}
{{- define "paceline.roomIsScaled" -}}
{{- $values := index .root.Values .room -}}
{{- if or (and (eq .room "api") $values.autoscaling.enabled) (and (eq .room "dialer") $values.keda.enabled) -}}
yes
{{- end -}}
{{- end -}}

{{/* How long a pod may take to end: its sleep, its drain, and a margin for what comes after. */}}
{{- define "paceline.roomGraceSeconds" -}}
{{- $drain := get (include "paceline.roomSettings" . | fromYaml) "DRAIN_SECONDS" | default "30" | float64 -}}
{{- $sleep := (index .root.Values .room).preStopSeconds | default 0 -}}
{{- add (ceil $drain | int64) ($sleep | int64) 15 -}}
{{- end -}}
