/// A script that tries what `gatekeeperd outbound` tries, for a client's PC without it.
struct OutboundScript {
    /// The words are a script's to rely on.
    enum Language: String, CaseIterable, Sendable {
        case sh
        /// As Windows has it: version 5.1, without modules.
        case powershell
    }

    let preset: VendorPreset
    let isComplete: Bool

    init(_ preset: VendorPreset, isComplete: Bool) {
        self.preset = preset
        self.isComplete = isComplete
    }

    func text(in language: Language) -> String {
        switch language {
        case .sh: Self.shell(heading, checks(tls: { "tls \($0)" }, tcp: { "tcp \($0) \($1)" }))
        case .powershell: Self.powerShell(heading, checks(tls: { "Test-Tls '\($0)'" }, tcp: { "Test-Tcp '\($0)' \($1)" }))
        }
    }

    private var heading: [String] {
        [
            "# What the software of \(preset.title) has to reach, tried from this machine.",
            "# List: \(preset.source), as of \(preset.date). Changes nothing.",
        ]
    }

    /// A line for each port.
    private func checks(tls: (String) -> String, tcp: (String, UInt16) -> String) -> String {
        preset.outbound.flatMap { host in
            ["# \(host.role)"]
                + (host.isTLS
                    ? [tls(host.name)] : (isComplete ? Array(host.ports) : host.sample).map { tcp(host.name, $0) })
        }.joined(separator: "\n")
    }
}

extension OutboundScript {
    /// For POSIX shells. `curl` does most of it; without it `openssl` and `nc` do what they can.
    private static func shell(_ heading: [String], _ checks: String) -> String {
        (["#!/bin/sh"] + heading).joined(separator: "\n") + #"""

            # Takes curl, or nc for ports alone; openssl says who has issued a certificate. Exits 3 when something can't be reached.
            bad=0
            have() { command -v "$1" >/dev/null 2>&1; }
            say() { printf '%-46s  %-4s  %-11s  %s\n' "$1" "$2" "$3" "$4"; }
            wrong() { bad=3; say "$@"; }
            for name in https_proxy HTTPS_PROXY http_proxy HTTP_PROXY all_proxy ALL_PROXY; do
                eval "value=\${$name:-}"
                if [ -n "$value" ]; then echo "note: $name is set; this is tried without it"; fi
            done
            certificate() {
                openssl s_client -connect "$1:443" -servername "$1" </dev/null 2>/dev/null | openssl x509 -noout "$2" 2>/dev/null
            }
            issuer() {
                text=""
                if have openssl; then text=$(certificate "$1" -issuer); fi
                echo "certificate: ${text:-openssl could tell who issued it}" | cut -c 1-120
            }
            # Who opens TLS on the way writes neither a place in the public logs nor an issuer's address into a certificate.
            is_public() {
                have openssl || return 0
                text=$(certificate "$1" -text)
                case "$text" in "" | *SCT* | *'CA Issuers'* | *11129.2.4.2*) return 0 ;; esac
                return 1
            }
            tls() {
                if ! have curl; then
                    if ! have openssl || ! have timeout; then wrong "$1" 443 not_tried "curl is missing"; return; fi
                    if timeout 8 openssl s_client -connect "$1:443" -servername "$1" -verify_hostname "$1" -verify_return_error \
                        </dev/null >/dev/null 2>&1; then say "$1" 443 ok ""; else wrong "$1" 443 failed "openssl can't connect to it"; fi
                    return
                fi
                times=$(curl -s -I -o /dev/null --noproxy '*' --connect-timeout 4 --max-time 8 \
                    -w '%{time_connect} %{time_appconnect}' "https://$1/" 2>/dev/null)
                code=$?
                connected=${times%% *}
                secured=${times##* }
                case "$code $secured" in "51 "* | "60 "*) ;; *" "*[1-9]*) code=0 ;; esac
                case $code in
                    0) if is_public "$1"; then say "$1" 443 ok "TCP ${connected} s, TLS ${secured} s"
                        else wrong "$1" 443 intercepted "$(issuer "$1")"; fi ;;
                    6) wrong "$1" 443 no_name "the name has no address here" ;;
                    7) wrong "$1" 443 refused "the connection is refused, or there is no way" ;;
                    28) case "$connected" in
                        *[1-9]*) wrong "$1" 443 cut "TCP is taken, and TLS is not" ;;
                        *) wrong "$1" 443 blocked "nothing comes back" ;;
                        esac ;;
                    51|60) wrong "$1" 443 intercepted "$(issuer "$1")" ;;
                    *) wrong "$1" 443 cut "TCP is taken, and TLS is not (curl says $code)" ;;
                esac
            }
            tcp() {
                if have nc; then
                    if nc -z -w 4 "$1" "$2" >/dev/null 2>&1; then say "$1" "$2" ok ""; return; fi
                    wrong "$1" "$2" closed "nothing answers, or it is refused"
                elif have curl; then
                    connected=$(curl -s -o /dev/null --noproxy '*' --connect-timeout 4 --max-time 5 \
                        -w '%{time_connect}' "telnet://$1:$2" </dev/null 2>/dev/null)
                    case "$connected" in
                        *[1-9]*) say "$1" "$2" ok "" ;;
                        *) wrong "$1" "$2" closed "nothing answers, or it is refused" ;;
                    esac
                else
                    wrong "$1" "$2" not_tried "nc and curl are missing"
                fi
            }
            say HOST PORT VERDICT ""

            """# + checks + "\nexit $bad\n"
    }

    private static func powerShell(_ heading: [String], _ checks: String) -> String {
        heading.joined(separator: "\n") + #"""

            # For Windows PowerShell 5.1 and newer. Exits 3 when something can't be reached.
            $script:bad = 0
            function Write-Row($name, $port, $verdict, $text) {
                if ($verdict -ne 'ok' -and $name -ne 'HOST') { $script:bad = 3 }
                '{0,-46}  {1,-4}  {2,-11}  {3}' -f $name, $port, $verdict, $text
            }
            $proxy = [System.Net.WebRequest]::GetSystemWebProxy().GetProxy([Uri]'https://example.com/')
            if ($proxy -and $proxy.Host -ne 'example.com') { "note: this machine has a proxy, $($proxy.Host); this is tried without it" }
            function Connect-Tcp($name, $port) {
                $client = New-Object System.Net.Sockets.TcpClient
                try {
                    if ($client.ConnectAsync($name, $port).Wait(4000)) { return $client }
                    $client.Close()
                    return 'blocked'
                } catch {
                    $client.Close()
                    $inner = $_.Exception.GetBaseException()
                    if ($inner.ErrorCode -in 11001, 11002, 11004) { return 'no_name' }
                    if ($inner.ErrorCode -eq 10061) { return 'refused' }
                    return 'blocked'
                }
            }
            function Test-Tcp($name, $port) {
                $client = Connect-Tcp $name $port
                if ($client -is [string]) { return Write-Row $name $port $client '' }
                $client.Close()
                Write-Row $name $port 'ok' ''
            }
            function Test-Tls($name) {
                $client = Connect-Tcp $name 443
                if ($client -is [string]) { return Write-Row $name 443 $client '' }
                $script:errors = 'None'
                $script:issuer = ''
                $script:public = $true
                $judge = {
                    param($sender, $certificate, $chain, $errors)
                    $script:errors = "$errors"
                    $script:issuer = $certificate.Issuer
                    $full = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 $certificate
                    # Who opens TLS on the way writes neither a place in the public logs nor an issuer's address into a certificate.
                    $script:public = @($full.Extensions | Where-Object {
                        $_.Oid.Value -in '1.3.6.1.4.1.11129.2.4.2', '1.3.6.1.5.5.7.1.1' }).Count -gt 0
                    return $true
                }
                try {
                    $client.ReceiveTimeout = 4000
                    $client.SendTimeout = 4000
                    $stream = New-Object System.Net.Security.SslStream($client.GetStream(), $false, $judge)
                    $stream.AuthenticateAsClient($name, $null, [System.Security.Authentication.SslProtocols]::Tls12, $false)
                    if ($script:errors -ne 'None' -or -not $script:public) {
                        return Write-Row $name 443 'intercepted' "$($script:issuer) ($($script:errors))"
                    }
                    Write-Row $name 443 'ok' ''
                } catch {
                    Write-Row $name 443 'cut' 'TCP is taken, and TLS is not'
                } finally {
                    $client.Close()
                }
            }
            Write-Row 'HOST' 'PORT' 'VERDICT' ''

            """# + checks + "\nexit $script:bad\n"
    }
}
