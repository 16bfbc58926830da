internal import Glibc

/// The number of descriptors this process may hold: each connection costs one, proxied ones two.
enum DescriptorLimit {
    /// Raises the soft limit to the hard one, which is the admin's word (`LimitNOFILE=`). Failure leaves what was there.
    static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        // SAFETY: both calls read or write one local structure.
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }
}
