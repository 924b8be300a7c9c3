# shellcheck shell=bash
# Sourced by configure-nginx and scripts/lint. From the files in deploy/, creates configurations of nginx that use only
# files in one folder and do not require root.

# Prints the addresses to listen on for the setting $1, one per line. The IPv4 loopback address also stands for the IPv6
# loopback address. A wildcard address stands for all IPv4 and IPv6 addresses.
addresses_of() {
    case $1 in
        127.0.0.1 | localhost) printf '%s\n' 127.0.0.1 '[::1]' ;;
        0.0.0.0 | :: | '*') printf '%s\n' 0.0.0.0 '[::]' ;;
        *:*) printf '%s\n' "[$1]" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

# Prints the address at which this machine reaches a server that listens on the address $1.
address_to_reach() {
    case $1 in
        0.0.0.0 | :: | '*' | localhost) echo 127.0.0.1 ;;
        *) echo "$1" ;;
    esac
}

# Prints the address at which this machine reaches a server that listens on the address $1, followed by the port $2, as
# in a URL.
authority() {
    local address
    address=$(address_to_reach "$1")
    [[ $address == *:* ]] && address="[$address]"
    echo "$address:$2"
}

# Succeeds if other machines can reach a server that listens on the address $1.
is_open() { [[ $1 != 127.* && $1 != localhost && $1 != ::1 ]]; }

# Prints the maximum number of descriptors for an nginx worker.
descriptor_limit() {
    local hard
    hard=$(ulimit -Hn)
    if [[ $hard == unlimited ]] || ((hard > 16384)); then hard=16384; fi
    echo "$hard"
}

# listen_edits PORT BIND NEW_PORT: prints sed commands that change the `listen` lines for PORT to BIND and NEW_PORT.
listen_edits() {
    local port=$1 bind=$2 new_port=$3 four='' six='' address
    while read -r address; do
        if [[ $address == \[* ]]; then six=$address; else four=$address; fi
    done < <(addresses_of "$bind")
    # Without IPv6, /proc/net/if_inet6 is missing or empty. `test -s` cannot check that, because files in /proc have
    # no size.
    grep -qs . /proc/net/if_inet6 || six=''
    if [[ -n $four ]]; then
        echo "s|listen 127.0.0.1:$port |listen $four:$new_port |"
    else
        echo "/listen 127.0.0.1:$port /d"
    fi
    if [[ -n $six ]]; then
        echo "s|listen \[::1\]:$port |listen $six:$new_port |"
    else
        echo "/listen \[::1\]:$port /d"
    fi
}

# configure_nginx ingest|web|both: creates the configuration of one or both servers in $runtime/nginx-… from $deploy.
configure_nginx() {
    local folder=$runtime/nginx-$1 edits host
    mkdir -p "$folder/tmp"
    edits=$(
        case $1 in
            ingest) echo "/include web.conf;/d" ;;
            web) echo "/include ingest.conf;/d" ;;
        esac
        echo "s|^pid .*|pid $folder/nginx.pid;|"
        echo "s|^error_log .*|error_log stderr warn;|"
        echo "s|^worker_rlimit_nofile .*|worker_rlimit_nofile $(descriptor_limit);|"
        echo "s|/var/lib/nginx/|$folder/tmp/|"
        echo "s|/run/oriel/|$runtime/|"
        echo "s|/usr/share/oriel/html|$runtime/html|"
        echo "s|http://127.0.0.1:9001|http://$(authority "$ingest_bind" "$ingest_port")|"
        [[ ${ORIEL_CONTROLS-} != 1 ]] || echo "s|#include oriel/controls.conf;|include oriel/controls.conf;|"
        listen_edits 8000 "$web_bind" "$web_port"
        listen_edits 9001 "$ingest_bind" "$ingest_port"
        while read -r host; do echo "/#camera.example.com/i\\    $host 1;"; done < <(allowed_hosts)
    )
    if ((EUID != 0)); then
        edits+=$'\n''/^user /d'
    else
        chmod 711 "$runtime"
        as_www_data test -x "$runtime" || fail 77 "nginx runs as www-data, which cannot access $runtime: choose another folder."
    fi
    link_page
    cp -r "$deploy"/. "$folder"
    sed -i -e "$edits" "$folder"/*.conf "$folder"/oriel/*.conf
    nginx -p "$folder" -c "$folder/nginx.conf" -e stderr -t -q ||
        fail 78 "nginx rejects the configuration that was created from $deploy."
}

# Runs a command as the user www-data.
as_www_data() { setpriv --reuid www-data --regid www-data --clear-groups "$@"; }

# Creates a link to html/. Copies the folder instead if nginx's user cannot read it, for example in root's home.
link_page() {
    [[ ! -e $runtime/html ]] || return 0
    if ((EUID != 0)) || as_www_data test -r "$oriel/html/index.html"; then
        ln -sfn "$oriel/html" "$runtime/html"
    else
        rm -f "$runtime/html"
        cp -r "$oriel/html" "$runtime/html"
    fi
}

# Prints the host names in ORIEL_HOSTS, and this machine's own name if other machines can reach the page.
allowed_hosts() {
    local host hosts
    read -ra hosts <<<"${ORIEL_HOSTS-}"
    for host in "${hosts[@]}"; do echo "${host,,}"; done
    host=${HOSTNAME%%.*}
    if is_open "$web_bind" && [[ $host =~ ^[A-Za-z0-9-]+$ && $host != localhost ]]; then
        printf '%s\n' "${host,,}" "${host,,}.local"
    fi
}
