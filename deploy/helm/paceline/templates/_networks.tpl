{{/* Egress rules, and the networks that are not the public internet: those of shared/domain/egress.py. */}}

{{- define "paceline.toDns" -}}
- to: {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: UDP}
    - {port: {{ .Values.networkPolicy.dns.port }}, protocol: TCP}
{{- end -}}

{{/* To a server of the operator's; takes its peers and port. No peers are all of them. */}}
{{- define "paceline.toServer" -}}
- ports: [{port: {{ .port }}, protocol: TCP}]
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* An address alone is a network of one. */}}
{{- define "paceline.network" -}}
{{- if contains "/" . -}}{{ . }}{{- else if contains ":" . -}}{{ . }}/128{{- else -}}{{ . }}/32{{- end -}}
{{- end -}}

{{- define "paceline.notPublicV4" -}}
- 0.0.0.0/8
- 10.0.0.0/8
- 100.64.0.0/10
- 127.0.0.0/8
- 169.254.0.0/16
- 172.16.0.0/12
- 192.0.0.0/24
- 192.0.2.0/24
- 192.31.196.0/24
- 192.52.193.0/24
- 192.88.99.0/24
- 192.168.0.0/16
- 192.175.48.0/24
- 198.18.0.0/15
- 198.51.100.0/24
- 203.0.113.0/24
- 224.0.0.0/4
- 240.0.0.0/4
- 168.63.129.16/32
{{- end -}}

{{- define "paceline.notPublicV6" -}}
- 2001::/23
- 2001:db8::/32
- 2002::/16
- 2620:4f:8000::/48
- 3fff::/20
{{- end -}}
