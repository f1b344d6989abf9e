import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from avbaselines.estimators.kernel.kernel_sum import KernelSum, mixes, unit_kernel
from avbaselines.estimators.preprocessing.preparation import Preparation

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 5)) + 2
BLOCKS = [[0, 1, 2], [3, 4]]


@pytest.mark.parametrize("width", [0.0, 1.5])
def test_known_rows_vary_by_one_about_their_mean(width):
    products = X @ X.T
    kernel, gamma, factor = unit_kernel(products, 20, width)
    expected = products if width == 0 else rbf_kernel(X, X, gamma)
    np.testing.assert_allclose(kernel, factor * expected)
    centred = np.eye(20) - 1 / 20
    assert np.trace(centred @ kernel[:20, :20] @ centred) == pytest.approx(20)
    distances = np.square(X[:20, None] - X[:20]).sum(axis=2).mean()
    assert gamma == pytest.approx(width / distances)


def test_a_modality_in_which_all_rows_are_equal_has_no_say():
    kernel, _, factor = unit_kernel(np.full((4, 4), 2.0), 3, 1.0)
    assert factor == 0 and not kernel.any()


@pytest.mark.parametrize("n_kernels", [1, 2, 3, 5])
def test_weights_sum_to_one_and_each_kernel_has_most_once(n_kernels):
    tried = mixes(n_kernels)
    np.testing.assert_allclose([sum(mix) for mix in tried], 1)
    assert len(set(tried[0])) == 1
    assert [int(np.argmax(mix)) for mix in tried[1:]] == list(range(n_kernels if n_kernels > 1 else 0))


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_new_rows_are_seen_as_the_known_ones_are(width):
    gaps = X.copy()
    gaps[:4, 3:] = np.nan
    preparation = Preparation(BLOCKS, "standard").fit(gaps)
    space = KernelSum(preparation, preparation.transform(gaps), width, (0.75, 0.25))
    gram = space.gram
    values = space.keep(np.eye(30), np.arange(30.0)).decide(gaps)
    np.testing.assert_allclose(values, gram + np.arange(30.0), atol=1e-10)
    assert space.gram is None and preparation.indicated_.tolist() == [1]
